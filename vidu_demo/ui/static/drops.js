// Gradio filters files by name, with a toast of its own, while the server checks the content and says
// what is wrong beside the pictures. So every file is renamed to look like a picture, from the start.
vidu.takeAnyFile = () => {
  const chosen = '#pictures input[type=file]';
  const called = (files) => {
    const transfer = new DataTransfer();
    for (const file of files)
      transfer.items.add(file.type.startsWith('image/')
        ? file : new File([file], file.name, {type: 'image/any'}));
    return transfer.files;
  };
  document.addEventListener('click', (event) => {
    if (event.target.matches?.(chosen)) event.target.accept = '';
  }, true);
  document.addEventListener('change', (event) => {
    if (event.target.matches?.(chosen)) event.target.files = called(event.target.files);
  }, true);
};

// A file dropped next to the gallery would otherwise replace the page. During an upload, or while a
// picture is selected, Gradio has no file input, so the drop waits for the next one.
vidu.catchDrops = () => {
  const place = document.querySelector('#pictures');
  let waiting = new DataTransfer();
  const put = () => {
    const input = place.querySelector('input[type=file]');
    if (!input || !waiting.files.length) return;
    input.files = waiting.files;
    waiting = new DataTransfer();
    input.dispatchEvent(new Event('change', {bubbles: true}));
  };
  new MutationObserver(() => setTimeout(put)).observe(place, {childList: true, subtree: true});
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.dispatchEvent(new DragEvent('dragleave', {bubbles: true}));
    for (const file of event.dataTransfer.files) waiting.items.add(file);
    setTimeout(put);
  }, true);
};
