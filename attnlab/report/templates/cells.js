"use strict";
// The table of cells under the reader's hand: a click on a heading sorts, words in the box keep the rows that hold them.
for (const table of document.querySelectorAll("table.cells")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const text = (row, column) => (row.cells[column] ? row.cells[column].textContent.trim() : "");
  const order = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => {
    const [x, y] = [parseFloat(a.replace(/,/g, "")), parseFloat(b.replace(/,/g, ""))];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || order.compare(a, b);
    return x - y;
  };
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const by = column ? compare : order.compare;
      rows.sort((a, b) => (down ? -1 : 1) * by(text(a, column), text(b, column)));
      body.append(...rows);
    });
  });
  if (rows.length > 6) {
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = "only rows with these words";
    box.setAttribute("aria-label", box.placeholder);
    box.className = "filter";
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    });
    table.closest(".scroll").before(box);
  }
}
