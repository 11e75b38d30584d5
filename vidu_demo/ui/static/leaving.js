// Deletes that can be undone for a moment: until then nothing is deleted, and if the page is left
// meanwhile, nothing will be. `place` is where the countdown stands.
vidu.leaving = ({place, changed, leave, back}) => {
  const UNDO_SECONDS = 8;
  const jobs = new Set();
  let due, ticking;
  const undo = () => place()?.querySelector('[data-do=undo]');
  const stay = () => {
    clearInterval(ticking);
    if (undo() && document.activeElement === undo()) back();
    jobs.clear();
    changed();
  };
  const tick = () => {
    if (Date.now() < due) return changed();
    const gone = [...jobs];
    stay();
    leave(gone);
  };
  addEventListener('pagehide', stay);
  return {
    stay,
    has: (job) => jobs.has(job),
    add: (more) => {
      more.forEach((job) => jobs.add(job));
      due = Date.now() + 1000 * UNDO_SECONDS;
      clearInterval(ticking);
      ticking = setInterval(tick, 1000);
      changed();
    },
    focus: () => undo()?.focus({preventScroll: true}),
    tell: () => {
      if (!place()) return;
      place().hidden = !jobs.size;
      const said = place().querySelector('[data-one]');
      const {one, many} = said.dataset;
      const seconds = Math.max(0, Math.ceil((due - Date.now()) / 1000));
      if (jobs.size) said.textContent = vidu.fill(jobs.size > 1 ? many : one, {number: jobs.size, seconds});
    },
  };
};

vidu.fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
