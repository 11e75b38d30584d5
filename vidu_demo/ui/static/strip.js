// A strip of pictures or parts is put in order by dragging, and with the arrow keys.
vidu.sortable = (items, move, remove, placeOf) => {
  const itemAt = (event) => event.target.closest?.(items);
  let dragged;
  const marked = (item) => document.querySelectorAll(items)
    .forEach((one) => one.classList.toggle('target', one === item && one !== dragged));
  document.addEventListener('dragstart', (event) => {
    dragged = itemAt(event);
    if (dragged) event.dataTransfer.effectAllowed = 'move';
  });
  document.addEventListener('dragover', (event) => {
    const item = itemAt(event);
    marked(item);
    if (dragged && item) event.preventDefault(); // it can be dropped here
  });
  document.addEventListener('drop', (event) => {
    const item = itemAt(event);
    if (!dragged || !item) return;
    event.preventDefault();
    move(dragged, placeOf(item.dataset));
  });
  document.addEventListener('dragend', () => {
    dragged = null;
    marked(null);
  });
  document.addEventListener('keydown', (event) => {
    const item = itemAt(event);
    const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[event.key];
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) move(item, placeOf(item.dataset) + step);
    else if (event.key === 'Delete' || event.key === 'Backspace') remove(item);
    else return;
    event.preventDefault();
    if (step) item.focus(); // moving it took the focus away
  });
};
