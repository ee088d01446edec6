// The same words and tones as `amends.web.ui.clocks`, for the minutes between two page loads.
export function clockText(minutes) {
  const whole = Math.trunc(Math.abs(minutes));
  const [days, hours, rest] = [Math.floor(whole / 1440), Math.floor(whole / 60) % 24, whole % 60];
  const text = days ? `${days} d ${hours} h` : hours ? `${hours} h ${String(rest).padStart(2, '0')} m` : `${rest} m`;
  return minutes < 0 ? `Overdue ${text}` : text;
}

export function clockTone(minutes) {
  if (minutes < 0) return 'critical';
  if (minutes < 120) return 'high';
  return minutes > 480 ? 'good' : 'low';
}
