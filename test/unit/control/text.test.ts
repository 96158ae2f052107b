// Sentences with names in them.
import { expect, test } from "vitest";
import { html } from "../../../src/control/web/html.js";
import { phrase } from "../../../src/control/web/text.js";
import { en } from "../../../src/control/web/texts/en.js";
import { zh } from "../../../src/control/web/texts/zh.js";

const told = (sentence: string, by: string, subject = ""): string => {
  const named = (name: string) => html`<strong><bdi>${name}</bdi></strong>`;
  return phrase(sentence, { by: named(by), subject: named(subject) })
    .toString()
    .replaceAll(/<[^>]*>/g, "");
};

test("Chinese has spaces beside names in other letters only", () => {
  const removed = zh.activity.kinds["member.removed"];
  expect(told(removed, "王小明", "李 雷")).toBe("王小明移除了李 雷");
  expect(told(removed, "Ada", "王小明")).toBe("Ada 移除了王小明");
  expect(told(removed, "您", "Ada")).toBe("您移除了 Ada");
  expect(told(zh.activity.kinds["node.possible_copy"], "", "构建机")).toBe("节点构建机可能有两个副本在运行");
  expect(zh.removeMember.title("王小明")).toBe("要移除王小明吗？");
  expect(zh.unbindNode.title("builder 节点")).toBe("要解绑 builder 节点吗？");
});

test("English has them beside all", () => {
  expect(told(en.activity.kinds["member.removed"], "王小明", "李雷")).toBe("王小明 removed 李雷");
});
