// Runs once the page has loaded: compares the clocks, and makes Ctrl+Enter submit.
vidu.arrive = (namesInLink) => (serverTime) => {
  vidu.clockAhead = Date.now() / 1000 - serverTime;
  vidu.forgetLink(namesInLink);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.repeat || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.querySelector('#make')?.click();
  });
};
