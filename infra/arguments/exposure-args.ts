import type { Input } from "@pulumi/pulumi";

/** An Ingress before the gateway. */
export interface IngressArgs {
  /** The host name, which becomes one of the allowed hosts. */
  host: string;
  /** The ingress class. Default: the cluster's. */
  className?: Input<string>;
  /** The Secret with the certificate of the host. Default: no TLS. */
  tlsSecretName?: Input<string>;
  /** Annotations of the ingress controller; long calls need its read timeout above limits.callTimeoutMax. Default: none. */
  annotations?: Record<string, Input<string>>;
}

/** The Gateway that an HTTPRoute belongs to. */
export interface ParentRefArgs {
  /** Its name. */
  name: Input<string>;
  /** Its namespace. Default: that of the route. */
  namespace?: Input<string>;
  /** The listener. Default: all that match. */
  sectionName?: Input<string>;
}

/** An HTTPRoute of the Gateway API before the gateway. */
export interface HttpRouteArgs {
  /** The host names, which become allowed hosts. */
  hostnames: string[];
  /** The Gateways that it belongs to. */
  parentRefs: ParentRefArgs[];
}

/** What Prometheus and Grafana find. */
export interface MonitoringArgs {
  /** A ServiceMonitor for the Prometheus operator. Default: false. */
  serviceMonitor?: boolean;
  /** A dashboard in a ConfigMap that Grafana's sidecar reads. Default: false. */
  grafanaDashboard?: boolean;
  /** Labels of both, by which they are selected. Default: none. */
  labels?: Record<string, Input<string>>;
}
