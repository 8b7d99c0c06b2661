// Comforts only; the page says everything without them: point at a variable to see where else it is written, hide the right lines.
const source = document.getElementById("source");
const values = [...document.querySelectorAll(".value")];
const name = (value) => value.querySelector("b").textContent.split(/[[\s]/)[0];
const show = (target, on) => {
  const value = target.closest(".value");
  if (value) values.filter((other) => name(other) === name(value)).forEach((other) => other.classList.toggle("same", on));
};
source.addEventListener("mouseover", (event) => show(event.target, true));
source.addEventListener("mouseout", (event) => show(event.target, false));
if (source.querySelector("tr.wrong, tr.suspected, tr.after")) {
  const label = document.createElement("label");
  label.className = "filter";
  label.innerHTML = '<input type="checkbox"> only lines that are not known to be right';
  label.firstChild.addEventListener("change", (event) => source.classList.toggle("only-marked", event.target.checked));
  source.prepend(label);
}
