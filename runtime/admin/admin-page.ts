/** The admin port's page: /status for people. Everything shown is set as text, never as markup. */
export const ADMIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mcp-fleet</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left; vertical-align: top; }
  .up { color: #06703c } .down, .failing, .gone { color: #a40000 } .connecting { color: #7a5b00 }
</style>
<h1 id="name">mcp-fleet</h1>
<p id="sessions"></p>
<table>
  <thead><tr><th>backend</th><th>state</th><th>since</th><th>tools</th><th>prompts</th><th>resources</th><th>error</th></tr></thead>
  <tbody id="backends"></tbody>
</table>
<table id="pods" hidden>
  <thead><tr><th>pod</th><th>state</th><th>since</th><th>sessions</th><th>calls</th><th>error</th></tr></thead>
  <tbody></tbody>
</table>
<p><a href="/status">/status</a> · <a href="/metrics">/metrics</a> · <a href="/readyz">/readyz</a></p>
<script>
  const cell = (row, text, className) => {
    const td = row.insertCell();
    td.textContent = text ?? "";
    if (className) td.className = className;
  };
  const show = async () => {
    const status = await (await fetch("/status")).json();
    document.getElementById("name").textContent = status.name + " · " + status.role + " " + status.version;
    const { stored, max, cached, streams } = status.sessions;
    document.getElementById("sessions").textContent =
      stored + " of " + max + " sessions, " + cached + " in memory here, " + streams + " open streams";
    const body = document.getElementById("backends");
    body.replaceChildren();
    for (const backend of status.backends) {
      const row = body.insertRow();
      cell(row, backend.name);
      cell(row, backend.state, backend.state);
      cell(row, backend.since);
      cell(row, backend.tools);
      cell(row, backend.prompts);
      cell(row, backend.resources);
      cell(row, backend.error);
    }
    const table = document.getElementById("pods");
    const pods = status.backends.flatMap((backend) => backend.pods ?? []);
    table.hidden = pods.length === 0;
    table.tBodies[0].replaceChildren();
    for (const pod of pods) {
      const row = table.tBodies[0].insertRow();
      cell(row, pod.name);
      cell(row, pod.draining ? pod.state + ", draining" : pod.state, pod.state);
      cell(row, pod.since);
      cell(row, pod.sessions);
      cell(row, pod.outstanding);
      cell(row, pod.error);
    }
  };
  show();
  setInterval(show, 2000);
</script>
</html>
`;
