// Gradio gives each radio button a name of its own, and another with each choice, so each would be a
// tab stop. With one name, a group is one stop, and the arrow keys move in it.
vidu.groupRadios = () => {
  new MutationObserver(() => {
    for (const input of document.querySelectorAll('fieldset input[type=radio]')) {
      const {name} = input.closest('fieldset').querySelector('input');
      if (input.name !== name) input.name = name;
    }
  }).observe(document, {childList: true, subtree: true, attributeFilter: ['name']});
};
