// Owns asking the suite's main process for what all test files share (see shared-server.ts).
import { request } from "node:http";
import { inject } from "vitest";

export async function sharedResource(name: "postgres" | "browser"): Promise<unknown> {
  const socketPath = inject("sharedSocket");
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, path: `/${name}` }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`no shared ${name}: ${text}`));
      });
    });
    call.on("error", reject);
    call.end();
  });
}
