// A list of buttons: its click event carries the `data-` value of the clicked button.
vidu.buttons = (element, trigger, name) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest(`[data-${name}]`);
    if (button) trigger('click', {[name]: button.dataset[name]});
  });
};
