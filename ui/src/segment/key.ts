/** The key of a new document from its name: small letters, digits and underscores. The server judges it. */
export const keyFrom = (title: string): string =>
  title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replaceAll("ß", "ss").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60).replace(/_+$/, "");
