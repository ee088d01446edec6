// What pages do beyond links, forms and htmx: theme, drawer, clocks, copy. Every page works without.
import { clockText, clockTone } from './clock.js';
import './drafts.js';
import './palette.js';

const root = document.documentElement;
const drawer = () => document.getElementById('drawer');
const all = (selector) => document.querySelectorAll(selector);

function shownTheme() {
  return root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

function setTheme(theme) {
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  localStorage.setItem('theme', theme);
  document.dispatchEvent(new CustomEvent('theme-changed'));
}

async function openDrawer(url) {
  await htmx.ajax('GET', url, { target: '#drawer-body', swap: 'innerHTML' });
  if (!drawer().open) drawer().showModal();
}

// The form posts the theme to the profile; here it is only shown at once.
document.addEventListener('submit', (event) => {
  const form = event.target.closest('[data-theme-form]');
  if (!form) return;
  const field = form.elements.namedItem('theme');
  if (form.dataset.themeForm === 'toggle') field.value = shownTheme() === 'dark' ? 'light' : 'dark';
  setTheme(field.value);
}, true);

document.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest('[data-drawer]');
  if (link) {
    event.preventDefault();
    openDrawer(link.href);
  } else if (event.target.closest('[data-close]') || event.target === drawer()) {
    event.target.closest('dialog')?.close();
  }
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand('copy'); // a page that came without TLS has no clipboard of its own
  button.textContent = 'Copied';
});

// Filters: a choice shows at once, unless several are being made in an open popover; what is not set
// stays out of the address.
document.addEventListener('change', (event) => {
  const form = event.target.closest('form[data-autosubmit]');
  if (form && !form.querySelector(':popover-open')) form.requestSubmit();
});
document.addEventListener('formdata', ({ target, formData }) => {
  if (!target.matches('[data-autosubmit]')) return;
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

document.addEventListener('open-drawer', (event) => openDrawer(event.detail.url ?? event.detail.value));
document.addEventListener('close-drawer', () => drawer()?.close());

function tick() {
  for (const clock of all('time[data-due]')) {
    if (clock.hasAttribute('data-paused')) continue;
    const minutes = (new Date(clock.dateTime) - Date.now()) / 60_000;
    clock.querySelector('span').textContent = clockText(minutes);
    clock.dataset.tone = clockTone(minutes);
  }
}
setInterval(tick, 15_000);
document.addEventListener('htmx:after:swap', tick);

// A part that came anew says where whoever pressed a button goes on.
document.addEventListener('htmx:after:swap', () => {
  const mark = document.querySelector('[data-focus]');
  if (!mark) return;
  document.getElementById(mark.dataset.focus)?.focus();
  mark.remove();
});
