/** What is known of a znode besides its value: its stat, ACL, quota, kind and watches. */

import type { ComponentChildren } from 'preact';
import type { ZnodeView } from '../../../protocol/inspection.ts';
import { ageText, bytesText, msText } from '../figures.ts';
import { linkTo } from '../route.ts';

interface ZnodeStatProps {
  readonly znode: ZnodeView;
  /** Now, ms since 1970. */
  readonly nowMs: number;
}

export function ZnodeStatTable({ znode, nowMs }: ZnodeStatProps) {
  const { stat, quota } = znode;
  return (
    <div class="stat">
      <table class="facts">
        <tbody>
          <Fact name="created">
            <Time ms={stat.ctimeMs} nowMs={nowMs} />
          </Fact>
          <Fact name="changed">
            <Time ms={stat.mtimeMs} nowMs={nowMs} />
          </Fact>
          <Fact name="zxids">
            <span class="mono" title="czxid: when it was created">
              c {stat.czxid}
            </span>{' '}
            <span class="mono" title="mzxid: when its value was last set">
              m {stat.mzxid}
            </span>{' '}
            <span class="mono" title="pzxid: when its list of children last changed">
              p {stat.pzxid}
            </span>
          </Fact>
          <Fact name="versions">
            {`${stat.version} value · ${stat.cversion} children · ${stat.aversion} ACL`}
          </Fact>
          <Fact name="kind">
            {znode.kind}
            {znode.ttlMs !== null && ` of ${msText(znode.ttlMs)}`}
            {stat.ephemeralOwner !== '0x0' && znode.kind === 'ephemeral' && (
              <>
                {' of '}
                <a class="mono" href={linkTo('sessions', stat.ephemeralOwner)}>
                  {stat.ephemeralOwner}
                </a>
              </>
            )}
          </Fact>
          <Fact name="size">
            {`${bytesText(stat.dataLength)} · ${stat.numChildren.toLocaleString('en')} children`}
            {` · ${znode.watches.toLocaleString('en')} watches here`}
          </Fact>
          {quota !== null && (
            <Fact name="quota">
              {`${limitText(quota.usedCount, quota.count, String)} znodes, `}
              {limitText(quota.usedBytes, quota.bytes, bytesText)}
            </Fact>
          )}
          <Fact name="ACL">
            {znode.acl.map(({ perms, scheme, id }) => (
              <div key={`${scheme}:${id}`} class="mono">
                <span class="perms">{perms}</span> {scheme}:{id === '' ? '(not shown)' : id}
              </div>
            ))}
          </Fact>
        </tbody>
      </table>
    </div>
  );
}

function limitText(used: number, limit: number, text: (value: number) => string): string {
  return limit < 0 ? `${text(used)} of no limit` : `${text(used)} of ${text(limit)}`;
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <tr>
      <th>{name}</th>
      <td>{children}</td>
    </tr>
  );
}

/** ISO, with the local form and the age beside it. */
function Time({ ms, nowMs }: { ms: number; nowMs: number }) {
  const date = new Date(ms);
  if (ms <= 0 || Number.isNaN(date.getTime())) return <>with the ensemble</>;
  return (
    <>
      <span class="mono">{date.toISOString()}</span>
      <span class="muted">{` · ${date.toLocaleString()} · ${ageText(nowMs - ms)} ago`}</span>
    </>
  );
}
