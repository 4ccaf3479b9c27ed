/** Who may do what: SASL users, required logins, and warnings where protection is missing. */

import { describe, expect, test } from 'vitest';
import { keyGroups } from '../../cli/setting-keys.ts';
import { loadLines, loadTexts } from '../support/config.ts';

function loadJaas(jaas: string | null, ...lines: string[]) {
  const cfg = ['dataDir=/data', 'clientPort=1', 'java.security.auth.login.config=/jaas', ...lines];
  return loadTexts({ cfg: cfg.join('\n'), files: jaas === null ? {} : { '/jaas': jaas } });
}
const digest = 'org.apache.zookeeper.server.auth.DigestLoginModule required';

describe('SASL users', () => {
  test('come from section Server, or from the one that sasl.serverconfig names', () => {
    const jaas = `Server { ${digest} user_a="1"; }; Mine { ${digest} user_b="2"; };`;

    expect([...loadJaas(jaas).settings.saslUsers!]).toEqual([['a', '1']]);
    expect([...loadJaas(jaas, 'zookeeper.sasl.serverconfig=Mine').settings.saslUsers!]).toEqual([
      ['b', '2'],
    ]);
  });

  test('the file may be named as a URL', () => {
    const jaas = `Server { ${digest} user_a="1"; };`;
    for (const url of ['file:/jaas', 'file:///jaas', '=/jaas']) {
      const { settings } = loadJaas(jaas, `java.security.auth.login.config=${url}`);

      expect(settings.saslUsers?.size).toBe(1);
    }
  });

  test('superPassword overrules the password of super, and makes no user', () => {
    const key = 'SASLAuthenticationProvider.superPassword=new';

    const known = loadJaas(`Server { ${digest} user_super="old"; };`, key);
    const unknown = loadJaas(`Server { ${digest} user_a="old"; };`, key);

    expect(known.settings.saslUsers?.get('super')).toBe('new');
    expect(unknown.settings.saslUsers?.has('super')).toBe(false);
  });

  test('without a file, with an empty one, or without the section, SASL is off', () => {
    expect(loadLines().settings.saslUsers).toBeNull();
    expect(loadJaas('').settings.saslUsers).toBeNull();
    expect(loadJaas('').warnings).toEqual([]);
    expect(loadJaas(null).settings.saslUsers).toBeNull();
    expect(loadJaas(null).warnings).toEqual([
      '/etc/zoo.cfg line 3: java.security.auth.login.config=/jaas: no such file: SASL is off',
    ]);
    expect(loadJaas('Client { };').settings.saslUsers).toBeNull();
    expect(loadJaas('Client { };').warnings).toEqual([
      '/jaas: there is no section Server: SASL is off',
    ]);
  });

  test('Kerberos and unknown modules are warned of; a section without users lets nobody in', () => {
    const kerberos = loadJaas(
      'Server {\n com.sun.security.auth.module.Krb5LoginModule required; };',
    );
    const strange = loadJaas(`Server { my.Module optional; ${digest}; };`);

    expect(kerberos.settings.saslUsers).toBeNull();
    expect(kerberos.warnings).toEqual([
      expect.stringMatching(/^\/jaas line 2: com.*Krb5LoginModule: Kerberos \(GSSAPI\) is not/),
    ]);
    expect(strange.settings.saslUsers?.size).toBe(0);
    expect(strange.warnings).toEqual([
      expect.stringContaining('my.Module: unknown login module'),
      expect.stringContaining('has no user_NAME: nobody can log in'),
    ]);
  });

  test('a required login works where somebody can log in', () => {
    const jaas = `Server { ${digest} user_a="1"; };`;
    const { settings } = loadJaas(
      jaas,
      'sessionRequireClientSASLAuth=true',
      'enforce.auth.enabled=true',
      'enforce.auth.schemes=sasl',
    );

    expect(settings.requireClientSasl).toBe(true);
    expect(settings.enforceAuthSchemes).toEqual(['sasl']);
    expect(loadLines('enforce.auth.schemes=sasl').settings.enforceAuthSchemes).toBeNull();
  });
});

describe('a missing protection is warned of loudly', () => {
  const cases: [line: string, warning: string][] = [
    ['secureClientPort=2281', 'NOT PROTECTED: secureClientPort (/etc/zoo.cfg line 3): TLS is not'],
    ['secureClientPortAddress=::1', 'NOT PROTECTED: secureClientPortAddress'],
    ['ssl.keyStore.password=hush', 'NOT PROTECTED: ssl.keyStore.password'],
    ['sslQuorum=true', 'NOT PROTECTED: sslQuorum'],
    ['zookeeper.ssl.quorum.keyStore.location=x', 'NOT PROTECTED: zookeeper.ssl.quorum.keyStore'],
    ['quorum.auth.enableSasl=true', 'NOT PROTECTED: quorum.auth.enableSasl'],
    ['audit.enable=true', 'NOT PROTECTED: audit.enable (/etc/zoo.cfg line 3): no audit log'],
    ['kerberos.removeRealmFromPrincipal=true', 'NOT PROTECTED: kerberos.'],
    ['authProvider.1=my.Provider', 'NOT PROTECTED: authProvider.1=my.Provider'],
    ['authProvider.x509=org.apache.X509AuthenticationProvider', 'this provider is not loaded'],
  ];
  for (const [line, warning] of cases) {
    test(line, () => {
      const { warnings } = loadLines(line);

      expect(warnings).toEqual([expect.stringContaining(warning)]);
      expect(warnings[0]).not.toContain('hush');
    });
  }

  test('but not where the key turns it off', () => {
    const { settings, warnings } = loadLines(
      'sslQuorum=false',
      'portUnification=no',
      'quorum.auth.enableSasl=False',
      'audit.enable=false',
      'secureClientPort=0',
    );

    expect(warnings).toEqual([]);
    expect(settings.secureClientPort).toBeNull();
  });

  test('the secure port is told, though nothing listens on it', () => {
    expect(loadLines('secureClientPort=2281').settings.secureClientPort).toBe(2281);
  });
});

describe('keys without meaning', () => {
  test('of every group give a warning with key, place and reason, and are never fatal', () => {
    for (const group of keyGroups) {
      for (const key of [...group.keys, ...group.prefixes.map((prefix) => `${prefix}x`)]) {
        if (key === 'secureClientPort') continue;
        const { warnings } = loadLines(`${key}=something`);

        expect(warnings, key).toEqual([expect.stringContaining(group.reason)]);
        expect(warnings[0]).toContain(key);
      }
    }
  });

  test('of one reason share a line', () => {
    expect(loadLines('preAllocSize=1', 'snapshot.trust.empty=true').warnings).toEqual([
      'preAllocSize (/etc/zoo.cfg line 3), snapshot.trust.empty (/etc/zoo.cfg line 4): ' +
        'the log and the snapshots have their own format and sizes here',
    ]);
  });

  test('that ZooKeeper does not know either share one too, with a hint at the right case', () => {
    const { settings, warnings } = loadLines('ticktime=5', 'zookeeper.strange=1');

    expect(settings.tickTimeMs).toBe(3000);
    expect(warnings).toEqual([
      'ticktime (/etc/zoo.cfg line 3, did you mean tickTime?), ' +
        'zookeeper.strange (/etc/zoo.cfg line 4): unknown key, ignored',
    ]);
  });

  test('that ZooKeeper would raise are raised', () => {
    const { settings, warnings } = loadLines('snapCount=1', 'autopurge.snapRetainCount=0');

    expect(settings.snapCount).toBe(2);
    expect(settings.purge.retainCount).toBe(3);
    expect(warnings).toEqual([
      '/etc/zoo.cfg line 3: snapCount=1 is raised to 2',
      '/etc/zoo.cfg line 4: autopurge.snapRetainCount=0 is raised to 3',
    ]);
  });
});
