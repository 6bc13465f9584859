/**
 * Calls of a TypeScript client: `node client.mjs PACKAGE BASE_URL KEY DOCUMENTS`.
 *
 * The last line that it prints is what was called, as JSON. It ends with 1 where a call fails. Of
 * two releases each has methods that the other has not: what a client lacks is passed over, and the
 * test that reads the line asks for all that it has.
 */

import assert from "node:assert/strict";
import { createReadStream, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { methods, traced } from "./traced.mjs";

const RULES = [
  { type: "invoice", description: "a bill for goods or services, with amounts due" },
  { type: "contract", description: "an agreement between parties with terms and signatures" },
];
const END_SECONDS = 120;
const POLLING = { pollingInterval: 0.3, timeout: END_SECONDS };

/** Return what `read` returns once `isEnd` says so. */
async function until(read, isEnd) {
  const deadline = Date.now() + END_SECONDS * 1000;
  for (;;) {
    const found = await read();
    if (isEnd(found)) return found;
    assert.ok(Date.now() < deadline, JSON.stringify(found));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Return all that a list has, over all its pages. */
async function all(list) {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
}

const ids = (found) => found.map((one) => one.id);

/** Make a directory of real documents, changing it and its files in every way. */
async function directoryWithFiles(client, name, documents) {
  const { directories } = client.beta;
  const made = await directories.create({ name, description: "d" });
  assert.equal((await directories.update(made.id, { description: "e" })).description, "e");
  assert.equal((await directories.get(made.id)).description, "e");
  assert.ok(ids(await all(directories.list({ name }))).includes(made.id));
  for (const path of documents) {
    const upload_file = createReadStream(path);
    const file = await directories.files.upload(made.id, {
      upload_file,
      metadata: JSON.stringify({ team: "a" }),
    });
    assert.equal(file.display_name, basename(path));
    assert.equal(file.metadata.team, "a");
  }
  await oneFileChanged(client, made.id);
  const listed = await all(directories.files.list(made.id, { page_size: 3 }));
  assert.equal(listed.length, documents.length);
  assert.equal(new Set(ids(listed)).size, documents.length);
  const spare = await directories.create({ name: "spare" });
  await directories.delete(spare.id);
  await assert.rejects(directories.get(spare.id), { status: 404 });
  return made.id;
}

async function oneFileChanged(client, directory_id) {
  const { files } = client.beta.directories;
  const file = await kept(client, "x.txt", "x y z", "parse");
  const added = await files.add(directory_id, { file_id: file.id, metadata: { page: 1 } });
  await files.update(added.id, { directory_id, display_name: "y.txt" });
  const found = await files.get(added.id, { directory_id });
  assert.equal(found.display_name, "y.txt");
  assert.equal(found.file_id, file.id);
  await files.delete(added.id, { directory_id });
  await assert.rejects(files.get(added.id, { directory_id }), { status: 404 });
}

const kept = (client, name, text, purpose) =>
  client.files.create({ file: new File([text], name), purpose });

/** Keep, read and delete files. */
async function files(client, documents) {
  const [path] = documents;
  const file = await client.files.create({ file: createReadStream(path), purpose: "parse" });
  const link = await (client.files.content ? client.files.content(file.id) : client.files.get(file.id));
  const bytes = Buffer.from(await (await fetch(link.url)).arrayBuffer());
  assert.deepEqual(bytes, readFileSync(path));
  if (client.files.retrieve) {
    assert.equal((await client.files.retrieve(file.id)).name, basename(path));
  }
  assert.ok(ids(await all(client.files.list({ page_size: 1 }))).includes(file.id));
  const queried = await client.files.query({ filter: { file_ids: [file.id] } });
  assert.deepEqual(ids(queried.items), [file.id]);
  await client.files.delete(file.id);
  await assert.rejects(client.files.query({ page_size: "many" }), { status: 422 });
}

/** Run a beta batch of each kind to its end and cancel another. */
async function betaBatches(client, directory_id, count) {
  const { batch } = client.beta;
  if (!batch) return;
  const ended = (id) => until(() => batch.getStatus(id), (one) => one.job.status === "completed");
  const made = await batch.create({
    directory_id,
    job_config: { parameters: { lang: "en", do_not_cache: true } },
    page_size: 5,
  });
  const { job } = await ended(made.id);
  assert.equal(job.processed_items + job.failed_items, count);
  const items = await all(batch.jobItems.list(made.id, { limit: 3 }));
  assert.equal(new Set(items.map((item) => item.item_id)).size, count);
  const done = items.find((item) => item.status === "completed");
  const results = await batch.jobItems.getProcessingResults(done.item_id, { job_type: "parse" });
  assert.ok(results.processing_results[0].parameters_hash);
  const parsed = await client.parsing.get(done.job_id, { expand: ["text_full"] });
  assert.ok(parsed.text_full.trim());
  const classify = await batch.create({
    item_ids: [done.item_id],
    job_config: { rules: RULES },
  });
  assert.equal((await ended(classify.id)).job.job_type, "classify");
  const other = await batch.create({ directory_id, job_config: {} });
  const answer = await batch.cancel(other.id, { reason: "enough", "temporal-namespace": "other" });
  assert.equal(answer.status, "cancelled");
  const listed = ids(await all(batch.list({ limit: 2 })));
  for (const one of [made, classify, other]) assert.ok(listed.includes(one.id));
}

/** Run one batch by a saved configuration to its end, and cancel another where it can be. */
async function batches(client, directory_id, count) {
  const { configurations } = client;
  const parameters = { product_type: "parse_v2", tier: "fast", version: "latest" };
  const saved = await configurations.create({ name: "typescript", parameters });
  assert.equal((await configurations.retrieve(saved.id)).name, "typescript");
  assert.equal((await configurations.update(saved.id, { name: "renamed" })).name, "renamed");
  assert.ok(ids(await all(configurations.list({ product_type: ["parse_v2"] }))).includes(saved.id));
  const asked = {
    source_directory_id: directory_id,
    config: { job: { type: "parse_v2", configuration_id: saved.id } },
  };
  const batch = await client.batches.create(asked);
  await until(() => client.batches.get(batch.id), (one) => one.status === "COMPLETED");
  const { results } = await client.batches.get(batch.id, { expand: ["results"] });
  assert.equal(results.length, count);
  const other = await client.batches.create(asked);
  if (client.batches.cancel) await client.batches.cancel(other.id);
  const ends = ["CANCELLED", "COMPLETED"];
  await until(() => client.batches.get(other.id), (one) => ends.includes(one.status));
  const listed = ids(await all(client.batches.list({ page_size: 1 })));
  assert.ok(listed.includes(batch.id) && listed.includes(other.id));
  await configurations.delete(saved.id);
}

/** Parse single files. */
async function parses(client, documents) {
  const { parsing } = client;
  const asked = { tier: "fast", version: "latest" };
  const pdf = documents.find((path) => path.endsWith("invoice-2026-0417.pdf"));
  const expand = ["text_full", "markdown_full", "items", "metadata", "job_metadata"];
  const found = await parsing.parse({ ...asked, upload_file: createReadStream(pdf), expand }, POLLING);
  assert.match(found.text_full, /invoice/i);
  assert.ok(found.items.pages[0].items.length);
  const file = await kept(client, "two.txt", "two texts", "parse");
  const job = await parsing.create({ ...asked, file_id: file.id });
  await parsing.waitForCompletion(job.id, undefined, POLLING);
  const { text } = await parsing.get(job.id, { expand: ["text"] });
  assert.equal(text.pages[0].text.trim(), "two texts");
  assert.ok(ids(await all(parsing.list({ page_size: 1 }))).includes(job.id));
  if (parsing.cancel) assert.equal((await parsing.cancel(job.id)).status, "COMPLETED");
  if (parsing.listVersions) assert.ok(await parsing.listVersions());
  if (!parsing.delete) return;
  await parsing.delete(job.id);
  await assert.rejects(parsing.get(job.id), { status: 404 });
}

/** Classify single files. */
async function classifies(client) {
  const text = "Invoice 7. Amount due for goods and services: 12 EUR. Please pay the bill.";
  const file = await kept(client, "bill.txt", text, "classify");
  const asked = { file_input: file.id, configuration: { rules: RULES } };
  assert.equal((await client.classify.run(asked, POLLING)).result.type, "invoice");
  const job = await client.classify.create(asked);
  await client.classify.waitForCompletion(job.id, undefined, POLLING);
  assert.equal((await client.classify.get(job.id)).status, "COMPLETED");
  assert.ok(ids(await all(client.classify.list({ page_size: 1 }))).includes(job.id));
  if (client.classify.cancel) await client.classify.cancel(job.id);
  if (client.classifier?.classify) await classifiesByOldApi(client.classifier, file.id);
}

async function classifiesByOldApi(classifier, fileId) {
  const asked = { file_ids: [fileId], rules: RULES };
  const results = await classifier.classify(asked, POLLING);
  assert.equal(results.items[0].result.type, "invoice");
  const job = await classifier.jobs.create(asked);
  await classifier.jobs.waitForCompletion(job.id, {}, POLLING);
  assert.equal((await classifier.jobs.get(job.id)).status, "SUCCESS");
  assert.equal((await classifier.jobs.getResults(job.id)).items[0].result.type, "invoice");
  assert.ok(ids(await all(classifier.jobs.list({ page_size: 1 }))).includes(job.id));
}

/** Save, change and delete a receiver; its secret never comes back. */
async function webhookConfigs(client) {
  const configs = client.webhookConfigs;
  if (!configs) return;
  const saved = await configs.create({
    webhook_url: "https://example.com/hook",
    webhook_signing_secret: "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0",
    webhook_events: ["parse.success"],
  });
  assert.ok(saved.has_secret);
  const webhook_events = ["parse.error"];
  const changed = await configs.update(saved.id, { webhook_events });
  assert.deepEqual(changed.webhook_events, webhook_events);
  assert.equal((await configs.retrieve(saved.id)).id, saved.id);
  assert.ok(ids(await configs.list()).includes(saved.id));
  await configs.delete(saved.id);
}

async function projects(client) {
  const [project] = await client.projects.list();
  assert.equal((await client.projects.get(project.id)).name, project.name);
  if (!client.v2Projects) return;
  const [same] = await all(client.v2Projects.list());
  assert.equal((await client.v2Projects.get(same.id)).id, project.id);
}

function realDocuments(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size)
    .sort();
}

async function main(packageName, baseURL, apiKey, folder) {
  const { default: LlamaCloud } = await import(packageName);
  const { version } = JSON.parse(
    readFileSync(new URL(`node_modules/${packageName}/package.json`, import.meta.url)),
  );
  const plain = new LlamaCloud({ baseURL, apiKey });
  const calls = new Set();
  const client = traced(plain, calls);
  const documents = realDocuments(folder);
  const name = `@llamaindex/llama-cloud ${version}`;
  const directoryId = await directoryWithFiles(client, name, documents);
  await files(client, documents);
  await betaBatches(client, directoryId, documents.length);
  await batches(client, directoryId, documents.length);
  await parses(client, documents);
  await classifies(client);
  await webhookConfigs(client);
  await projects(client);
  const called = [...calls].sort();
  const known = methods(plain).sort();
  console.log(JSON.stringify({ client: name, methods: known, called, refused: {} }));
}

await main(...process.argv.slice(2));
