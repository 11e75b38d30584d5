// A button that shows and hides what it controls. A click elsewhere, or Escape, hides it again.
vidu.menu = (element) => {
  const button = element.querySelector('[aria-controls]');
  const place = () => document.getElementById(button.getAttribute('aria-controls'));
  const open = (is) => {
    button.setAttribute('aria-expanded', is);
    place()?.classList.toggle('open', is);
  };
  button.addEventListener('click', () => open(button.getAttribute('aria-expanded') === 'false'));
  document.addEventListener('click', (event) => { if (!element.contains(event.target)) open(false); });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || button.getAttribute('aria-expanded') === 'false') return;
    open(false);
    button.focus();
  });
};
