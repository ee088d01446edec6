(() => {
  const root = document.documentElement, button = document.getElementById('theme');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const shown = () => root.dataset.theme || (dark.matches ? 'dark' : 'light');
  const say = () => button.setAttribute('aria-pressed', String(shown() === 'dark'));
  button.hidden = false;
  button.addEventListener('click', () => { root.dataset.theme = shown() === 'dark' ? 'light' : 'dark'; say(); });
  dark.addEventListener('change', say);
  say();
})();
