// Reviews of the form overlap while it changes quickly, and their answers may change places. When
// no answer is left to come, and the last one was not of the newest form, it is reviewed again.
vidu.reviews = {newest: 0, underway: 0};

vidu.beginReview = (_, ...values) => {
  vidu.reviews.underway += 1;
  vidu.reviews.newest += 1;
  return [vidu.reviews.newest, ...values];
};

vidu.endReview = (number) => {
  vidu.reviews.underway -= 1;
  const current = vidu.reviews.underway || number === vidu.reviews.newest;
  return current ? {__type__: 'update'} : String(Date.now());
};

vidu.failReview = () => { vidu.reviews.underway -= 1; };

// Waits until no review is under way. One that follows another begins within two frames.
vidu.reviewed = async () => {
  const frame = () => new Promise(requestAnimationFrame);
  do { await frame(); await frame(); } while (vidu.reviews.underway);
};
