// Slugs of titles in any script. Django's URLify drops the letters that it cannot transliterate. A
// word of such letters becomes Punycode, as in courses/slugs.py.
"use strict";

function hostName(word) {
  try {
    return new URL(`http://${word}`).hostname.replace(/^xn--/, "");
  } catch {
    return ""; // not allowed in the name of a host
  }
}

// Django's script may come after this one.
document.addEventListener("DOMContentLoaded", () => {
  const urlify = window.URLify;

  window.URLify = (title, length) => {
    const words = title.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}_]+/gu) || [];
    const parts = words.map((word) => urlify(word, length) || hostName(word));
    return parts.filter(Boolean).join("-").substring(0, length).replace(/-+$/, "");
  };
});
