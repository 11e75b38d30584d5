// What a link to a form has brought is in the form now: a reload must not bring it again.
vidu.forgetLink = (names) => {
  const address = new URL(window.location);
  names.forEach((name) => address.searchParams.delete(name));
  window.history.replaceState(window.history.state, '', address);
};

// With the task in the address, a reload or a copied link leads back to it.
vidu.rememberTask = (task) => {
  const address = new URL(window.location);
  if (task) address.searchParams.set('task', task); else address.searchParams.delete('task');
  window.history.replaceState(window.history.state, '', address);
};
