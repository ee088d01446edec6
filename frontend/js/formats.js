// What options may say instead of a function: "format:percent", or {"labels": {…}} for texts by value.
const grouped = (value, digits) => {
  const [whole, fraction] = Math.abs(value).toFixed(digits).split('.');
  const sign = value < 0 ? '−' : '';
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction ? `.${fraction}` : '');
};

export const FORMATS = {
  number: (value) => grouped(value, (String(Number(value.toPrecision(6))).split('.')[1] ?? '').length),
  percent: (value) => `${FORMATS.number(value)} %`,
};

// For JSON.parse: turns the names into functions.
export const revive = (key, value) => {
  if (typeof value === 'string' && value.startsWith('format:')) return FORMATS[value.slice(7)];
  if (key === 'formatter' && value?.labels) return (at) => value.labels[at] ?? '';
  return value;
};
