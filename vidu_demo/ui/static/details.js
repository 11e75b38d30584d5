vidu.details = (element) => {
  element.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    if (await vidu.copy(button.dataset.copy)) button.textContent = button.dataset.copied;
    else getSelection().selectAllChildren(button.previousElementSibling);
  });
};
