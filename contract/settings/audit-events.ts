/** Every type of audit event, with when it is written: ToolHive's, and then ours. `docs/audit.md` is made from here. */
export const AUDIT_EVENTS = {
  mcp_initialize: "A client opened a session, or was refused one.",
  mcp_tool_call: "tools/call was answered.",
  mcp_tools_list: "tools/list was answered.",
  mcp_resource_read: "resources/read was answered.",
  mcp_resources_list: "resources/list was answered.",
  mcp_prompt_get: "prompts/get was answered.",
  mcp_prompts_list: "prompts/list was answered.",
  mcp_notification: "A client sent a notification.",
  mcp_ping: "ping was answered.",
  mcp_logging: "logging/setLevel was answered.",
  mcp_completion: "completion/complete was answered.",
  mcp_roots_list_changed: "A client said that its roots have changed.",
  mcp_request: "Any other request was answered, such as resources/subscribe.",
  sse_connection: "A client opened its GET stream.",
  http_request: "A client ended its session by DELETE.",
  vmcp_workflow_started: "Never: there are no workflows.",
  vmcp_workflow_completed: "Never: there are no workflows.",
  vmcp_workflow_failed: "Never: there are no workflows.",
  vmcp_workflow_timed_out: "Never: there are no workflows.",
  vmcp_workflow_step_started: "Never: there are no workflows.",
  vmcp_workflow_step_completed: "Never: there are no workflows.",
  vmcp_workflow_step_failed: "Never: there are no workflows.",
  vmcp_workflow_step_skipped: "Never: there are no workflows.",
  login:
    "A principal opened a session with its token (success), or a token was refused (denied; target.error says why).",
  refusal:
    "A request was refused before it became a call: Host, Origin, body, unknown session, drain. target.error has the error's name.",
  limit_reached:
    "A limit refused a request, beside the event of the request itself. target.limit names a rate limit, target.error the error.",
  policy_decision:
    "Policies decided whether a principal may use an item (success or denied). What a list shows is no event.",
  session_ended:
    "A session was ended by this process; target.reason is deleted, expired, shutdown, refused, displaced or revoked.",
  administration:
    "Somebody ended sessions, or drained or undrained a pod, at the admin port. target.action says which.",
  configuration_change:
    "A changed configuration was taken over (success) or refused (failure, with the reason).",
} as const satisfies Readonly<Record<string, string>>;

export type AuditEventType = keyof typeof AUDIT_EVENTS;

const isType = (name: string): name is AuditEventType => Object.hasOwn(AUDIT_EVENTS, name);

/** The names of all types, in the order of the table. */
export const AUDIT_EVENT_TYPES: readonly AuditEventType[] =
  Object.keys(AUDIT_EVENTS).filter(isType);
