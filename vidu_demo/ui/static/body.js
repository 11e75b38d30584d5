// The request body as JSON, beside the form. What is typed there is in the form once it was read.

vidu.typing = () => document.activeElement?.closest('#json');

// For every change of the text: Gradio's own event for typing leaves out pasting.
vidu.typed = () => (vidu.typing() ? vidu.now() : {__type__: 'update'});

// While someone types, or while something is wrong with it, the text stays as it is.
vidu.showBody = (body, typed, read) =>
  (vidu.typing() || (typed ?? '') !== (read ?? '') ? {__type__: 'update'} : body);

vidu.dropEdits = (body) => [body, '', '', '', vidu.now()];
