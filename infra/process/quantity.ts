const CPU = /^(?:\d+m|\d+(?:\.\d{1,3})?)$/;

/** Whether Kubernetes accepts the text as an amount of CPU. */
export const isCpu = (text: string): boolean => CPU.test(text);

/** `250m` is 250, `1.5` is 1500. */
export function millicores(cpu: string): number {
  return cpu.endsWith("m") ? Number.parseInt(cpu, 10) : Math.round(Number(cpu) * 1000);
}

/** 250 is `250m`, 2000 is `2`. */
export function cpuQuantity(amount: number): string {
  return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
}

/** In whole mebibytes: `512Mi`. */
export function memoryQuantity(amountBytes: number): string {
  const mebibytes = amountBytes / 2 ** 20;
  return Number.isInteger(mebibytes) ? `${mebibytes}Mi` : String(Math.ceil(amountBytes));
}
