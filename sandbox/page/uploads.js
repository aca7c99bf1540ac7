export const LARGEST = 10 * 1024 * 1024;

/** Read a file into what the control API takes. */
export async function toUpload(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32768)
    binary += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return { filename: file.name, base64: btoa(binary), content_type: file.type || "application/octet-stream" };
}
