// Runs before the first paint: the theme of somebody who has not logged in. A profile's theme is
// already in the page; without either the device decides, by the style sheet alone.
const root = document.documentElement;
const kept = localStorage.getItem('theme');
if (!root.dataset.theme && (kept === 'light' || kept === 'dark')) root.dataset.theme = kept;
