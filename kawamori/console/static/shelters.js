// The big steps beside the head count; without scripts the number is typed.
const count = document.getElementById("occupied");
const pad = document.querySelector(".pad");
if (count && pad) {
  pad.hidden = false;
  pad.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step || 0);
    count.value = String(Math.max(0, (Number.parseInt(count.value, 10) || 0) + step));
  });
}
