/** Which methods of a client were called, and which there are. */

const SERVED = [
  "beta.batch",
  "beta.directories",
  "batches",
  "files",
  "parsing",
  "classify",
  "classifier",
  "configurations",
  "webhookConfigs",
  "projects",
  "v2Projects",
];

const isResource = (value) => typeof value === "object" && value !== null && "_client" in value;

/** A client, or a resource of it, that notes the dotted names of the methods called. */
export function traced(target, calls, path = "") {
  return new Proxy(target, {
    get(object, name) {
      const value = object[name];
      const dotted = path ? `${path}.${String(name)}` : String(name);
      if (isResource(value)) return traced(value, calls, dotted);
      if (typeof value !== "function") return value;
      return (...given) => {
        calls.add(dotted);
        return value.apply(object, given);
      };
    },
  });
}

/** The dotted names of every method of the resources that are served. */
export function methods(target, path = "") {
  const found = [];
  for (const name of Object.getOwnPropertyNames(target)) {
    const value = target[name];
    if (name.startsWith("_") || !isResource(value)) continue;
    const dotted = path ? `${path}.${name}` : name;
    if (SERVED.some((served) => `${dotted}.`.startsWith(`${served}.`))) {
      const own = Object.getOwnPropertyNames(Object.getPrototypeOf(value));
      found.push(...own.filter((one) => one !== "constructor").map((one) => `${dotted}.${one}`));
    }
    found.push(...methods(value, dotted));
  }
  return found;
}
