import type { Input } from "@pulumi/pulumi";
import type { PeerArgs } from "./pod-args.ts";

/** An Ingress in front of the gateway. */
export interface IngressArgs {
  /** The host name. It is added to the allowed hosts. */
  host: string;
  /** The ingress class. Default: that of the cluster. */
  className?: Input<string>;
  /** The name of the Secret with the TLS certificate of the host. Default: no TLS. */
  tlsSecretName?: Input<string>;
  /** Annotations for the ingress controller. Set its read timeout above limits.callTimeoutMax, or it cuts long calls. Default: none. */
  annotations?: Record<string, Input<string>>;
}

/** The Gateway that an HTTPRoute is attached to. */
export interface ParentRefArgs {
  /** The name of the Gateway. */
  name: Input<string>;
  /** The namespace of the Gateway. Default: that of the route. */
  namespace?: Input<string>;
  /** The name of the listener. Default: all that match. */
  sectionName?: Input<string>;
}

/** An HTTPRoute of the Gateway API in front of the gateway. */
export interface HttpRouteArgs {
  /** The host names. They are added to the allowed hosts. */
  hostnames: string[];
  /** The Gateways that it is attached to. */
  parentRefs: ParentRefArgs[];
}

/** The Service of gateways or proxies. */
export interface ServiceArgs {
  /** Its annotations, such as those of a cloud's load balancer. Default: none. */
  annotations?: Record<string, Input<string>>;
}

/** Resources for Prometheus and Grafana. */
export interface MonitoringArgs {
  /** Whether to create a ServiceMonitor for the Prometheus operator. Default: false. */
  serviceMonitor?: boolean;
  /** Whether to create alerts for the Prometheus operator, in a PrometheusRule. Default: as serviceMonitor. */
  alerts?: boolean;
  /** Whether to create a dashboard in a ConfigMap for Grafana's sidecar. Default: false. */
  grafanaDashboard?: boolean;
  /** The pods that scrape the metrics port. Default: with serviceMonitor, pods with the label app.kubernetes.io/name: prometheus in every namespace. */
  from?: PeerArgs[];
  /** Labels of all of these, for the selectors of Prometheus and Grafana. Default: none. */
  labels?: Record<string, Input<string>>;
}
