// The stage stays in view while the form scrolls, but not below the end of the form. So a tab that is
// longer than the one before would push the row of tabs up, from under the pointer.
vidu.steadyTabs = () => {
  const SECONDS = 2; // until what the tab shows has been loaded
  document.addEventListener('click', ({target}) => {
    const tab = target.closest?.('#about [role=tab]');
    if (!tab) return;
    const before = tab.getBoundingClientRect().top;
    const keep = new ResizeObserver(() => scrollBy(0, tab.getBoundingClientRect().top - before));
    keep.observe(document.querySelector('#stage'));
    const leave = () => keep.disconnect();
    setTimeout(leave, 1000 * SECONDS);
    for (const event of ['wheel', 'touchmove', 'keydown']) addEventListener(event, leave, {once: true});
  }, true); // before the tab changes
};
