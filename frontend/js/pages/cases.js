// Cases by keyboard: j/k move along the rows (on a case: to the next one), x picks one, e, n and r open what
// they stand for on the current row, and what says data-press="n" answers to n.
// Picks and the current row survive when the list is fetched again.
const picked = new Set();
let current = '';

const rows = () => [...document.querySelectorAll('#queue [data-row]')];
const link = (row) => row.querySelector('a');
const box = (row) => row.querySelector('input[name="picked"]');
const ref = (value) => value.split(':')[0];
const isTyping = (target) => target.closest('input:not([type="checkbox"]), textarea, select');

function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const row = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (!row) return;
  current = link(row).href;
  link(row).focus();
  row.scrollIntoView({ block: 'nearest' });
}

function pick() {
  const row = rows().find((one) => one.contains(document.activeElement));
  if (row) box(row)?.click();
}

const DEEDS = { e: 'resolve', n: 'note', r: 'answer' };

function open(key) {
  const row = rows().find((one) => one.contains(document.activeElement))
    ?? rows().find((one) => link(one).href === current);
  if (!row) return false;
  current = link(row).href;
  const url = new URL(`${DEEDS[key]}/`, new URL('.', current)).href;
  document.dispatchEvent(new CustomEvent('open-drawer', { detail: { url } }));
  return true;
}

function press(key) {
  const target = document.querySelector(`[data-press="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.matches('input, select')) target.focus();
  else target.click();
  return true;
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (isTyping(event.target)) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const own = { j: () => move(1), k: () => move(-1), x: pick }[event.key];
  if (own && rows().length) own();
  else if (!(DEEDS[event.key] && open(event.key)) && !press(event.key)) return;
  event.preventDefault();
});

document.addEventListener('change', (event) => {
  if (!event.target.matches('input[name="picked"]')) return;
  picked[event.target.checked ? 'add' : 'delete'](ref(event.target.value));
});

document.addEventListener('focusin', (event) => {
  const row = event.target.closest('[data-row]');
  if (row) current = link(row).href;
});

document.addEventListener('htmx:after:swap', () => {
  for (const row of rows()) {
    if (box(row)) box(row).checked = picked.has(ref(box(row).value));
    if (link(row).href === current && document.activeElement === document.body) link(row).focus();
  }
});

// A form that adds something is empty again once that was saved.
document.addEventListener('close-drawer', (event) => {
  if (event.target.matches?.('form[data-clears]')) event.target.reset();
  document.getElementById('notice')?.replaceChildren();
});
