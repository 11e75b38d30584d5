// On a phone, one part of the page at a time; the style hides the others.
vidu.openPart = (part) => {
  document.querySelectorAll('.parts button').forEach((button) => {
    button.setAttribute('aria-current', button.dataset.part === part);
  });
};

// Whatever is shown opens the part that it is in.
vidu.openPartOf = (element) => {
  const parts = {make: '#make-part', watch: '#watch-part, #compare-part', videos: '#videos-part'};
  const part = Object.keys(parts).find((name) => element.closest(parts[name]));
  if (part) vidu.openPart(part);
};

vidu.listenToParts = (element) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    vidu.openPart(button.dataset.part);
    scrollTo({top: 0});
  });
};
