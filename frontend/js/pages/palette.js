// The palette (Ctrl+K, ⌘K): cases, pages and actions by name, and the buttons of the page one is on.
const dialog = () => document.getElementById('palette');
const input = () => dialog().querySelector('input');
const list = () => document.getElementById('palette-list');
const options = () => [...list().querySelectorAll('[role="option"]')];
let commands = [];
let asked = 0;

const name = (element) => (element.querySelector('span')?.firstChild?.textContent || element.textContent).trim();

// Buttons that stand on the page, and those of its closed menu.
function ofThisPage() {
  return [...document.querySelectorAll('main a.btn, main button.btn, main .menu a')].filter((element) =>
    name(element) && !element.closest('.bulk') && !element.matches('[popovertarget]')
    && (element.closest('.menu') || element.checkVisibility()));
}

// The page may have been refreshed meanwhile: then the button that stands in the place of the old one.
const standing = (command) =>
  (command.isConnected ? command : ofThisPage().find((one) => name(one) === name(command)));

function choose(option) {
  for (const one of options()) one.setAttribute('aria-selected', String(one === option));
  input().setAttribute('aria-activedescendant', option?.id ?? '');
  option?.scrollIntoView({ block: 'nearest' });
}

const chosen = () => options().find((option) => option.getAttribute('aria-selected') === 'true');

function addLocal(words) {
  const known = new Set(options().map((option) => option.textContent));
  const fitting = commands.filter((command) =>
    name(command).toLowerCase().includes(words) && !known.has(name(command)));
  const group = document.getElementById('palette-here');
  if (!group) return;
  group.replaceChildren(...fitting.map((command, number) => {
    const option = document.createElement('li');
    option.id = `palette-here-${number}`;
    option.setAttribute('role', 'option');
    option.textContent = name(command);
    option.does = () => standing(command)?.click();
    return option;
  }));
  group.parentElement.hidden = !fitting.length;
}

async function look() {
  const words = input().value.trim();
  const mine = ++asked;
  const answer = await fetch(`${dialog().dataset.url}?q=${encodeURIComponent(words)}`, { headers: { 'HX-Request': 'true' } });
  if (mine !== asked || !answer.ok) return;
  list().innerHTML = await answer.text();
  addLocal(words.toLowerCase());
  choose(options()[0]);
}

function open() {
  if (document.querySelector('dialog[open]')) return;
  commands = ofThisPage();
  input().value = '';
  dialog().showModal();
  look();
}

function run(option) {
  if (!option) return;
  dialog().close();
  const { href, drawer } = option.dataset;
  if (option.does) option.does();
  else if (drawer !== undefined) document.dispatchEvent(new CustomEvent('open-drawer', { detail: { url: href } }));
  else location.assign(href);
}

let waiting;
document.addEventListener('input', (event) => {
  if (!event.target.closest('#palette')) return;
  clearTimeout(waiting);
  waiting = setTimeout(look, 120);
});

document.addEventListener('keydown', (event) => {
  if (!dialog()) return;
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    if (dialog().open) dialog().close();
    else open();
    return;
  }
  if (!dialog().open) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const all = options();
    choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  } else if (event.key === 'Enter') run(chosen());
  else return;
  event.preventDefault();
});

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-palette]')) open();
  else if (dialog()?.open && event.target === dialog()) dialog().close();
  else run(event.target.closest('#palette [role="option"]'));
});
