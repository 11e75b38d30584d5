// Files can be dropped or pasted anywhere on the page, and as soon as there is one. They come in
// batches, which wait in a row until the form can upload them.
vidu.batches = [];

vidu.addPictures = (files) => {
  if (!files?.length) return;
  vidu.batches.push([...files]);
  document.dispatchEvent(new Event('vidu:batch'));
};

vidu.catchFiles = () => {
  const mark = (over) => document.documentElement.classList.toggle('vidu-dropping', over);
  const brings = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!brings(event)) return;
    event.preventDefault(); // otherwise the file would replace the page
    mark(true);
  });
  document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) mark(false); });
  document.addEventListener('drop', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark(false);
    vidu.addPictures(event.dataTransfer.files);
  }, true);
  document.addEventListener('paste', (event) => {
    const {files, types} = event.clipboardData;
    const typing = event.target.matches?.('input, textarea') && types.includes('text/plain');
    if (!files.length || typing) return;
    event.preventDefault();
    vidu.addPictures(files);
  });
};
