// The one script, on the pages of an organization and of one's account only: it copies, shows times in the reader's own
// zone, and replaces what has changed (`data-live`) when the server says that something did. Without it everything works
// by reloading.
//
// It asks for the page again and takes the changed parts out of it, so nothing but the page itself says what is shown.
// A hidden tab holds no connection: browsers have few for one host.

import { createHash } from "node:crypto";

const source = `
"use strict";
(() => {
  const main = document.getElementById("main");
  const status = document.getElementById("status");
  const shown = new Map();

  const localTimes = () => {
    const format = new Intl.DateTimeFormat(main.dataset.locale, { dateStyle: "medium", timeStyle: "short" });
    for (const time of document.querySelectorAll("time[data-local]")) {
      time.title = time.textContent;
      time.textContent = format.format(new Date(time.dateTime));
      time.removeAttribute("data-local");
    }
  };

  const replace = (old, now) => {
    const active = old.contains(document.activeElement) ? document.activeElement : undefined;
    const place = active && [...old.querySelectorAll("a,button")].indexOf(active);
    old.replaceWith(document.adoptNode(now));
    if (active) now.querySelectorAll("a,button")[place]?.focus();
  };

  let busy = false;
  let again = false;
  const refresh = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
      if (answer.status >= 500) return;
      if (!answer.ok) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      let changed = false;
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = page.getElementById(old.id);
        if (!now) return location.reload();
        const markup = now.outerHTML;
        if (markup === shown.get(old.id)) continue;
        shown.set(old.id, markup);
        replace(old, now);
        changed = true;
      }
      if (!changed) return;
      localTimes();
      status.textContent = "";
      status.textContent = main.dataset.updated;
    } catch {
    } finally {
      busy = false;
      if (again) refresh();
    }
  };

  let stream;
  const listen = () => {
    stream?.close();
    stream = undefined;
    if (document.hidden || !main.dataset.events) return;
    const opened = new EventSource(main.dataset.events);
    stream = opened;
    opened.onopen = refresh;
    opened.addEventListener("changed", refresh);
    opened.addEventListener("full", () => opened.close());
    opened.addEventListener("gone", () => (opened.close(), location.reload()));
    opened.onerror = () => {
      if (opened.readyState !== EventSource.CLOSED) return;
      refresh();
      setTimeout(() => stream === opened && listen(), 20000);
    };
  };

  if (navigator.clipboard) {
    document.documentElement.classList.add("copies");
    document.addEventListener("click", async (event) => {
      const button = event.target.closest("button[data-copy]");
      if (!button) return;
      await navigator.clipboard.writeText(button.dataset.copy);
      button.lastChild.textContent = button.dataset.copied;
      status.textContent = button.dataset.copied;
    });
  }
  for (const part of document.querySelectorAll("[data-live]")) shown.set(part.id, part.outerHTML);
  localTimes();
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
  listen();
})();
`;

export const script = source.trim();

/** Another script has another address, so browsers may keep it. */
export const scriptPath = `/assets/live-${createHash("sha256").update(script).digest("hex").slice(0, 16)}.js`;
