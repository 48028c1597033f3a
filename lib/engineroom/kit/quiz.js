// jupyterquiz draws answers as radio buttons that no question names, and reasons that no one announces.
// Its questions appear a moment after its script, so we wait for them rather than for a time.
(() => {
  const mend = () => {
    for (const quiz of document.querySelectorAll(".Quiz:not([data-named])")) {
      const [question, answers, reason] = ['[id^="quizQn"]', ".Answer", ".Feedback"].map((s) => quiz.querySelector(s));
      if (!question || !answers || !reason) continue;
      quiz.dataset.named = "";
      // or JupyterLab takes the arrow keys for itself
      for (const radio of answers.querySelectorAll("input")) radio.dataset.lmSuppressShortcuts = "true";
      answers.setAttribute("role", "radiogroup");
      answers.setAttribute("aria-labelledby", question.id);
      reason.setAttribute("role", "status");
      reason.setAttribute("aria-live", "polite");
      wanted -= 1;
    }
    if (wanted <= 0) watch.disconnect();
  };
  let wanted = QUESTIONS;
  const watch = new MutationObserver(mend);
  watch.observe(document.body, { childList: true, subtree: true });
  mend();
})();
