// The form is reviewed when it has changed: once for changes that come together, and not before the
// server has filled it. One review runs at a time: Gradio begins another when the form has changed
// meanwhile.
vidu.reviews = {soon: false, due: false, underway: false, prompt: undefined, kept: undefined};

vidu.beginReview = (...values) => {
  Object.assign(vidu.reviews, {due: false, underway: true, prompt: vidu.promptNow()});
  return values;
};

vidu.endReview = () => Object.assign(vidu.reviews, {underway: false, kept: vidu.reviews.prompt});

// The browser keeps the form as it was reviewed. What has been typed since would be lost with the
// connection, so the tab keeps it.
vidu.TYPED = 'vidu-typed';
vidu.promptNow = () => document.querySelector('#prompt textarea')?.value;
vidu.keepTyped = () => {
  const prompt = vidu.promptNow();
  if (prompt === undefined || prompt === vidu.reviews.kept) sessionStorage.removeItem(vidu.TYPED);
  else sessionStorage.setItem(vidu.TYPED, prompt);
};

vidu.formChanged = async (filledAt) => {
  const TOGETHER = 20; // milliseconds
  if (!filledAt || vidu.reviews.soon) return {__type__: 'update'};
  vidu.reviews.soon = true;
  await new Promise((resolve) => setTimeout(resolve, TOGETHER));
  // Gradio reads the form next: what changes from here on may come too late, so it is due again.
  Object.assign(vidu.reviews, {soon: false, due: true});
  return String(performance.now());
};

// If the server could not fill the form, it is reviewed as it is.
vidu.notFilled = () => String(performance.now());

// Gradio forgets what changed during a call that fails.
vidu.failReview = () => {
  vidu.reviews.underway = false;
  return vidu.reviews.due ? String(performance.now()) : {__type__: 'update'};
};

// Waits until the form as it is now has been reviewed. A review that follows another begins within
// two frames.
vidu.reviewed = async () => {
  const frame = () => new Promise(requestAnimationFrame);
  do { await frame(); await frame(); } while (Object.values(vidu.reviews).includes(true));
};
