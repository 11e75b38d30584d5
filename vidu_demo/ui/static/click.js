// The browser picks the click's id, so that a repeated request is recognised. On a phone the status
// is below the form, so it is scrolled into view.
vidu.nameClick = (_, ...values) => {
  vidu.show('#status');
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(''), ...values];
};
