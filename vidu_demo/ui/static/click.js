// The click's name is drawn in the browser: whatever is sent again later is recognised by it. On a
// phone the status stands below the form, so it is brought into view.
vidu.nameClick = (_, ...values) => {
  vidu.show('#status');
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(''), ...values];
};
