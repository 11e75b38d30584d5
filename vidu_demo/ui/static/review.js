// The form is reviewed when it has changed: once for changes that come together, and not before the
// server has filled it. One review runs at a time: Gradio begins another when the form has changed
// meanwhile.
vidu.reviews = {due: false, underway: false};

vidu.formChanged = async (filledAt) => {
  const TOGETHER = 20; // milliseconds
  if (!filledAt || vidu.reviews.due) return {__type__: 'update'};
  vidu.reviews.due = true;
  await new Promise((resolve) => setTimeout(resolve, TOGETHER));
  return String(performance.now());
};

vidu.beginReview = (...values) => {
  vidu.reviews = {due: false, underway: true};
  return values;
};

vidu.endReview = () => { vidu.reviews.underway = false; };

// Gradio forgets what changed during a call that fails.
vidu.failReview = () => {
  vidu.reviews.underway = false;
  return vidu.reviews.due ? String(performance.now()) : {__type__: 'update'};
};

// Waits until the form as it is now has been reviewed. A review that follows another begins within
// two frames.
vidu.reviewed = async () => {
  const frame = () => new Promise(requestAnimationFrame);
  do { await frame(); await frame(); } while (vidu.reviews.due || vidu.reviews.underway);
};
