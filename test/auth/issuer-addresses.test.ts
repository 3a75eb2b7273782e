import { expect, it } from "vitest";
import { mayReach } from "../../runtime/auth/issuer-addresses.ts";

it.each(["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])(
  "%s may be asked by everybody",
  (address) => {
    expect([mayReach(address, false), mayReach(address, true)]).toEqual([true, true]);
  },
);

it.each([
  "127.0.0.1",
  "127.8.8.8",
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "198.19.0.1",
  "::1",
  "::",
  "::ffff:10.0.0.1",
  "::127.0.0.1",
  "fd12:3456::1",
  "64:ff9b::7f00:1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
])("%s is private: only who allows that has it asked", (address) => {
  expect([mayReach(address, false), mayReach(address, true)]).toEqual([false, true]);
});

it.each([
  "169.254.169.254",
  "::ffff:169.254.169.254",
  "64:ff9b::a9fe:a9fe",
  "fd00:ec2::254",
  "fe80::1",
  "224.0.0.1",
  "255.255.255.255",
  "ff02::1",
  "localhost",
  "",
])("%s is asked by nobody", (address) => {
  expect([mayReach(address, false), mayReach(address, true)]).toEqual([false, false]);
});
