// Counts the clocks down: the page has the times themselves, so nothing is lost without this.
"use strict";
(function () {
  const body = document.querySelector("[data-now]");
  if (!body) return;
  // The reader's telephone may be minutes off: the server's time counts.
  const ahead = Date.parse(body.dataset.now) - Date.now();
  const words = body.dataset;

  function told(seconds) {
    const late = seconds < 0;
    const minutes = Math.floor(Math.abs(seconds) / 60);
    // "Late by 0 min" says nothing: the first minute has words of its own.
    if (late && !minutes && words.just) return words.just;
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    const parts = [];
    if (days) parts.push(days + words.days);
    if (days || hours) parts.push(hours + words.hours);
    if (!days) parts.push((minutes % 60) + words.minutes);
    if (!days && !hours && minutes < 10 && !late) {
      parts.push(Math.floor(Math.abs(seconds) % 60) + words.seconds);
    }
    return (late ? words.late : words.left) + parts.join("");
  }

  function show() {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = time.parentElement.querySelector(".left");
      const seconds = (Date.parse(time.dataset.until) - Date.now() - ahead) / 1000;
      left.textContent = told(seconds);
      left.classList.toggle("late", seconds < 0);
    }
  }

  show();
  setInterval(show, 1000);

  // A second tap on a bad line sends nothing twice; the key of the form would hold it as well.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(function () { delete form.dataset.sent; }, 10000);
  });
})();
