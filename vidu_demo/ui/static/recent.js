// Choosing a prompt closes the list and goes on in the box.
vidu.recent = (element, trigger) => {
  vidu.buttons(element, trigger, 'prompt');
  element.addEventListener('click', (event) => {
    if (!event.target.closest('[data-prompt]')) return;
    element.querySelector('details').open = false;
    document.querySelector('#prompt textarea')?.focus();
  });
};
