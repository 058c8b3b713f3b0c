'use strict';
(() => {
  const conflicts = document.querySelectorAll('[data-stop=conflict]');
  const stops = conflicts.length ? [...conflicts] : [...document.querySelectorAll('[data-stop=file]')];
  const keys = document.getElementById('keys');
  const help = document.getElementById('help');

  // Where the reader is: the focused stop, else the one that the address names.
  const current = () => {
    const focused = document.activeElement.closest('[data-stop]');
    const at = stops.indexOf(focused);
    return at >= 0 ? at : stops.findIndex((stop) => '#' + stop.id === location.hash);
  };
  const show = (stop) => {
    history.replaceState(null, '', '#' + stop.id);
    stop.focus({ preventScroll: true });
    stop.scrollIntoView({ block: 'start' });
  };
  const move = (by) => {
    const at = current();
    const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), stops.length - 1);
    if (stops[to]) show(stops[to]);
  };
  const fold = () => {
    const hunks = [...document.querySelectorAll('details')];
    const open = hunks.some((hunk) => !hunk.open);
    for (const hunk of hunks) hunk.open = open;
  };
  const top = () => {
    history.replaceState(null, '', location.pathname);
    document.activeElement.blur();
    scrollTo(0, 0);
  };
  const actions = {
    n: () => move(1), j: () => move(1), p: () => move(-1), k: () => move(-1),
    o: fold, t: top, '?': () => keys.showModal(),
  };

  document.addEventListener('keydown', (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey || keys.open) return;
    event.preventDefault();
    action();
  });
  help.hidden = false;
  help.addEventListener('click', () => keys.showModal());

  // Paper has nothing to unfold.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const part of folded) part.open = true;
  });
  addEventListener('afterprint', () => {
    for (const part of folded) part.open = false;
  });
})();
