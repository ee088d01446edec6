// Drafts: what is typed into a form[data-draft] is kept on this device until it was sent, so that a closed
// tab loses nothing. Kept per person and address, forgotten after two weeks and by logging out.
const PREFIX = 'draft:';
const KEEP_MS = 14 * 24 * 3_600_000;

const key = (form) => `${PREFIX}${document.body.dataset.person ?? ''}:${new URL(form.action, location).pathname}`;
const fields = (form) => [...form.elements].filter((field) =>
  field.name && !field.matches('[type="hidden"], [type="password"], [type="file"], button, fieldset'));
const isTicked = (field) => field.matches('[type="checkbox"], [type="radio"]');
const written = (field) => field.matches('textarea, input:not([type="checkbox"], [type="radio"])') && field.value.trim();

function keep(form) {
  if (!fields(form).some(written)) return localStorage.removeItem(key(form));
  const values = fields(form).map((field) => [field.name, isTicked(field) ? field.checked && field.value : field.value]);
  localStorage.setItem(key(form), JSON.stringify({ at: Date.now(), values }));
}

function restore(form) {
  const kept = JSON.parse(localStorage.getItem(key(form)) ?? 'null');
  if (!kept || form.dataset.restored) return;
  form.dataset.restored = 'yes';
  const rest = fields(form);
  for (const [name, value] of kept.values) {
    const place = rest.findIndex((field) => field.name === name);
    if (place < 0) continue;
    const [field] = rest.splice(place, 1);
    if (isTicked(field)) field.checked = value === field.value;
    else field.value = value;
  }
  const note = document.createElement('p');
  note.className = 'note draftnote';
  note.textContent = 'What you had begun to write is back.';
  form.append(note);
}

function forgetOld() {
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    if (Date.now() - (JSON.parse(localStorage.getItem(name))?.at ?? 0) > KEEP_MS) localStorage.removeItem(name);
  }
}

const scan = () => document.querySelectorAll('form[data-draft]').forEach(restore);

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-draft]');
  if (form) keep(form);
});

document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement?.closest?.('form[data-draft]');
  if (!form || ctx.request?.method === 'GET' || ctx.response.status >= 400) return;
  localStorage.removeItem(key(form));
  form.querySelector('.draftnote')?.remove();
});

document.addEventListener('submit', (event) => {
  if (!event.target.action.endsWith('/log-out/')) return;
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
});

document.addEventListener('htmx:after:swap', scan);
forgetOld();
scan();
