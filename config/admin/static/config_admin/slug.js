// Slugs of titles in any script. Django's URLify drops the letters that it cannot transliterate;
// a word of such letters has the form that it has in the name of a host, as in courses/slugs.py.
"use strict";

{
  const urlify = window.URLify;

  function host(word) {
    try {
      return new URL(`http://${word}`).hostname.replace(/^xn--/, "");
    } catch {
      return ""; // not allowed in the name of a host
    }
  }

  window.URLify = (title, length) => {
    const words = title.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}_]+/gu) || [];
    const slug = words.map((word) => urlify(word, length) || host(word)).filter(Boolean).join("-");
    return slug.substring(0, length).replace(/-+$/, "");
  };
}
