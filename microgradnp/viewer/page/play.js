// Playing: one step after the other, until all is over.

let player = null;
// Calls `next` until it says that all is over; a second call stops.
function play(control, next, pause) {
  if (player) return stopPlaying();
  control.setAttribute("aria-pressed", "true");
  player = { control, timer: setInterval(() => next() || stopPlaying(), pause) };
  return undefined;
}

function stopPlaying() {
  if (!player) return;
  clearInterval(player.timer);
  player.control.setAttribute("aria-pressed", "false");
  player = null;
}
