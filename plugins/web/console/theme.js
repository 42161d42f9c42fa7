// Before anything is drawn: the theme that was chosen, where one was. A plain script, so that the page does not flash.
document.documentElement.dataset.theme = (() => {
  try {
    return localStorage.getItem('eddyd.console.theme') ?? '';
  } catch {
    return '';
  }
})();
