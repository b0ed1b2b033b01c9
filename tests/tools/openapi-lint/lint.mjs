// lint.mjs FILE - the linter's recommended rules on an OpenAPI document; problems on standard output, 1 where there are errors or warnings.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const core = await import(pathToFileURL(createRequire(process.cwd() + "/").resolve("@redocly/openapi-core")));
const config = await core.createConfig({ extends: ["recommended"], rules: { "no-server-example.com": "error" }, telemetry: "off" });
const problems = await core.lint({ ref: process.argv[2], config });
for (const p of problems)
  console.log(`${p.severity} ${p.ruleId} ${p.location[0]?.pointer ?? ""}: ${p.message}`);
process.exit(problems.length ? 1 : 0);
