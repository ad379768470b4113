"use strict";
for (const section of document.querySelectorAll("section.matrix")) {
  const table = section.querySelector("table.cells");
  if (!table) continue;
  const form = section.querySelector("form.filters");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const facts = new Map(rows.map((row) => [row, { ...JSON.parse(row.dataset.values), text: row.textContent.toLowerCase() }]));
  const search = form.querySelector("input");
  const output = form.querySelector("output");

  const fits = (row) => {
    const fact = facts.get(row);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.every((word) => fact.text.includes(word))) return false;
    return [...form.querySelectorAll("select")].every(({ value, dataset }) => {
      if (!value) return true;
      return value === " red" ? fact.red : fact.values[dataset.axis] === value;
    });
  };
  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      shown += !row.hidden;
    }
    output.textContent = `${shown} of ${rows.length} cells`;
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());

  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => compare(key(a, column), key(b, column)) * (down ? -1 : 1));
      body.append(...rows);
    });
  });

  // A square of several cells leads to all of them.
  section.only = (values) => {
    form.reset();
    for (const select of form.querySelectorAll("select")) select.value = values[select.dataset.axis] ?? "";
    filter();
    form.scrollIntoView();
    form.querySelector("select").focus({ preventScroll: true });
  };
  section.reveal = (row) => {
    if (!rows.includes(row)) return;
    if (row.hidden) {
      form.reset();
      for (const other of rows) other.hidden = false;
      output.textContent = `${rows.length} of ${rows.length} cells`;
    }
    row.querySelector("details").open = true;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  };
}
const reveal = () => {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  row?.closest("section.matrix")?.reveal?.(row);
};
addEventListener("hashchange", reveal);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#']");
  if (link?.dataset.only) {
    event.preventDefault();
    link.closest("section.matrix").only(JSON.parse(link.dataset.only));
  } else if (link && link.hash === location.hash) {
    reveal();
  }
});
reveal();
