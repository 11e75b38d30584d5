// The form now holds the link's settings, so a reload must not apply the link again.
vidu.forgetLink = (names) => {
  const address = new URL(window.location);
  names.forEach((name) => address.searchParams.delete(name));
  window.history.replaceState(window.history.state, '', address);
};

// With the task in the URL, a reload or a copied link leads back to it.
vidu.rememberTask = (task) => {
  const address = new URL(window.location);
  if (task) address.searchParams.set('task', task); else address.searchParams.delete('task');
  window.history.replaceState(window.history.state, '', address);
};
